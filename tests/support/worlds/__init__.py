"""Drawn worlds that tests share; no test imports another."""
