"""Radio: path loss formulas, each used only inside its published range, and link budgets."""
