"""Targets, and the official inventory with what lies outside the model."""
