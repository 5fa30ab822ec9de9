"""The district-heating network: losses, plants in order of use, emissions of a delivered kWh."""
