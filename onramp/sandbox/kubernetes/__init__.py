"""A kube-apiserver with Metal3's types and a baremetal-operator that walks hosts, in one process.

Onboarding's calls are answered as kube-apiserver 1.35 answers them: Secrets, Namespaces and BareMetalHosts,
with server-side apply, watches and the operator's own webhook.
Run it with `python -m onramp.sandbox.kubernetes`.

==============  ==================================================================================
`api`           the HTTP paths; `calls` reads a request; `discovery`, `table` and `watch` are longer answers
`access`        who calls, and what he may do
`registry`      every write: checks, ownership, versions; `objects`, `patches`, `apply`, `fields` work for it
`schema`        what the CRD accepts; `rules` what the operator's webhook refuses
`store`         the objects, the one counter of versions and the history that watches read
`operator`      the baremetal-operator; `states` is its walk, `registration` its talk with BMCs
`control`       what tests may do to all of it
==============  ==================================================================================
"""
