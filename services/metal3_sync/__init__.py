"""Enrols servers in Kubernetes as Metal3 BareMetalHosts and watches them until they are usable."""
