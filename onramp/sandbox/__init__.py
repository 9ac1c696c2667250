"""The whole system on one machine: real NATS and OpenBao, the five services, emulated backends."""
