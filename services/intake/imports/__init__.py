"""Many registrations in one file: each stands for itself, and what two of them both claim is refused."""
