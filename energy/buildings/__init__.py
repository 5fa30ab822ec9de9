"""Heat, hot water and electricity of buildings, from their geometry, age and use."""
