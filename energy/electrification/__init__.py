"""Heat pumps, charging of cars, solar cells and the peaks of the power grid."""
