"""`make bench`: every benchmark, one after the other."""

import asyncio

from bench import chain, hops

if __name__ == "__main__":
    asyncio.run(hops.main())
    asyncio.run(chain.main())
