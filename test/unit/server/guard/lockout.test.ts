import { describe, expect, it } from "vitest";
import { Lockout } from "../../../../src/server/guard/lockout.ts";

function lockoutAt(start: number) {
  const state = { now: start, locked: [] as string[] };
  const lockout = new Lockout({
    attempts: 3,
    duration: 1000,
    clock: () => state.now,
    locked: (address) => state.locked.push(address),
    shared: null,
  });
  return { state, lockout };
}

describe("an address that sends wrong keys", () => {
  it("is locked out at the third, for the whole time, and no other is", () => {
    const { state, lockout } = lockoutAt(0);
    void lockout.fail("10.0.0.1");
    void lockout.fail("10.0.0.1");
    expect(lockout.remaining("10.0.0.1")).toBe(0);
    void lockout.fail("10.0.0.1");
    expect(lockout.remaining("10.0.0.1")).toBe(1000);
    expect(lockout.remaining("10.0.0.2")).toBe(0);
    expect(state.locked).toEqual(["10.0.0.1"]);
    expect(lockout.size).toBe(1);
    state.now = 999;
    expect(lockout.remaining("10.0.0.1")).toBe(1);
    state.now = 1000;
    expect(lockout.remaining("10.0.0.1")).toBe(0);
    expect(lockout.size).toBe(0);
  });

  it("is not locked out longer by wrong keys that were on their way already", () => {
    const { state, lockout } = lockoutAt(0);
    for (let n = 0; n < 3; n++) void lockout.fail("a");
    state.now = 600;
    for (let n = 0; n < 5; n++) void lockout.fail("a");
    expect(lockout.remaining("a")).toBe(400);
    expect(state.locked).toEqual(["a"]);
  });

  it("is forgiven what lies further back", () => {
    const { state, lockout } = lockoutAt(0);
    void lockout.fail("a");
    void lockout.fail("a");
    state.now = 1000;
    void lockout.fail("a");
    void lockout.fail("a");
    expect(lockout.remaining("a")).toBe(0);
    void lockout.fail("a");
    expect(lockout.remaining("a")).toBe(1000);
  });

  it("costs no more memory than a fixed number of them", () => {
    const { lockout } = lockoutAt(0);
    for (let n = 0; n < 70_000; n++) for (let k = 0; k < 3; k++) void lockout.fail(`address-${n}`);
    expect(lockout.size).toBe(50_000);
    expect(lockout.remaining("address-69999")).toBe(1000);
  });
});
