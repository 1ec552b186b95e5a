import type { Random } from "./random.ts";

function randomField(random: Random, low: number, high: number, few: number): string {
  const value = (): number => low + random.below(high - low + 1);
  const items = Array.from({ length: 1 + random.below(few) }, () => {
    const [one, other] = [value(), value()].toSorted((a, b) => a - b);
    return random.pick([
      `${one}`,
      `${one}`,
      `${one}-${other}`,
      `${one}-${other}/${2 + random.below(4)}`,
    ]);
  });
  return random.pick(["*", "*", `*/${2 + random.below(6)}`, items.join(",")]);
}

/** Five fields of a crontab; none names a day that never comes. */
export function randomExpression(random: Random): string {
  return [
    randomField(random, 0, 59, 2),
    randomField(random, 0, 23, 2),
    randomField(random, 1, 28, 2),
    randomField(random, 1, 12, 3),
    randomField(random, 0, 6, 2),
  ].join(" ");
}
