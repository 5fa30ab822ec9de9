"""Which streets traffic takes when they get slower the more take them: demand between zones in, flows and times out."""
