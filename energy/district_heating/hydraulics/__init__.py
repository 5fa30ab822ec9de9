"""What flows in pipes: friction, losses, temperatures, pressures, hour by hour."""
