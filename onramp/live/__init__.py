"""Onboarding as it goes: what `onramp watch` and the sandbox show of the stream."""
