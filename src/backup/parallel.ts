/** Does something with each item, with so many of them at once. The first failure ends it. */
export async function forEachAtOnce<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for await (const item of items) {
      const done = action(item).finally(() => running.delete(done));
      // It is thrown by the race, or at the end; until then it must not count as unhandled.
      done.catch(() => undefined);
      running.add(done);
      if (running.size >= atOnce) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
}

/** The results of an action on each item, in order, with so many of them begun ahead. */
export async function* mapAhead<Item, Result>(
  items: Iterable<Item>,
  atOnce: number,
  action: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = [];
  for (const item of items) {
    const result = action(item);
    result.catch(() => undefined);
    begun.push(result);
    const first = begun.length >= atOnce ? begun.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const result of begun) yield await result;
}
