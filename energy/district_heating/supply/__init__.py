"""Plants: who runs when, what a kWh emits and costs."""
