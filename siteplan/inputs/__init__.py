"""The door in: any table or vector file a county has, checked row by row."""
