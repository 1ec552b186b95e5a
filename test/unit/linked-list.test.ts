import { describe, expect, it } from "vitest";
import { LinkedList } from "../../src/linked-list.ts";

describe("a linked list", () => {
  it("gives its values in the order in which they came", () => {
    const list = new LinkedList<number>();
    expect(list.values()).toEqual([]);
    for (const value of [1, 2, 3]) list.append(value);
    expect(list.values()).toEqual([1, 2, 3]);
    expect(list.first?.value).toBe(1);
  });

  it("lets any of them leave, wherever it stands, once or twice", () => {
    for (const leaving of [0, 1, 2]) {
      const list = new LinkedList<number>();
      const links = [0, 1, 2].map((value) => list.append(value));
      const link = links[leaving];
      if (link === undefined) throw new Error("no link");
      list.remove(link);
      list.remove(link);
      expect(list.values()).toEqual([0, 1, 2].filter((value) => value !== leaving));
      list.append(3);
      expect(list.values().at(-1)).toBe(3);
    }
  });

  it("leaves nothing in a link that has left: it would keep its neighbours in memory", () => {
    const list = new LinkedList<number>();
    const [, link] = [list.append(1), list.append(2), list.append(3)];
    list.remove(link);
    expect(link).toEqual({ value: 2, previous: null, next: null });
  });

  it("is as new once all have left", () => {
    const list = new LinkedList<number>();
    list.remove(list.append(1));
    expect(list.first).toBe(null);
    list.append(2);
    expect(list.values()).toEqual([2]);
  });
});
