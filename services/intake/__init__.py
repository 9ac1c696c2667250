"""intake: takes registrations over HTTP, stores each as a ServerScanned, and says how a server stands."""
