"""`make bench`: every benchmark, one after the other."""

import asyncio

from bench import chain, dead_letters, hops, imports, lists, replays

if __name__ == "__main__":
    asyncio.run(hops.main())
    asyncio.run(chain.main())
    asyncio.run(dead_letters.main())
    asyncio.run(replays.main())
    asyncio.run(imports.main())
    lists.main()
