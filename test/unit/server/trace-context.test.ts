import { describe, expect, it } from "vitest";
import { continueTrace, traceparentOf } from "../../../src/server/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

describe("a trace", () => {
  it("that the caller began is continued with a span of its own", () => {
    const trace = continueTrace(`00-${traceId}-${parentId}-01`);
    expect(trace).toMatchObject({ traceId, parentId, flags: "01" });
    expect(trace.spanId).toMatch(/^[\da-f]{16}$/);
    expect(trace.spanId).not.toBe(parentId);
    expect(traceparentOf(trace)).toBe(`00-${traceId}-${trace.spanId}-01`);
  });

  it("of a later version is continued as far as it is known", () => {
    const trace = continueTrace(`cc-${traceId}-${parentId}-ff-what-the-future-brings`);
    expect(trace).toMatchObject({ traceId, parentId, flags: "03" });
    expect(traceparentOf(trace)).toMatch(/^00-/);
  });

  it("begins anew where the header is not as the standard says", () => {
    const wrong = [
      undefined,
      "",
      [`00-${traceId}-${parentId}-01`],
      `00-${traceId}-${parentId}`,
      `00-${traceId}-${parentId}-01-more`,
      `ff-${traceId}-${parentId}-01`,
      `00-${traceId.toUpperCase()}-${parentId}-01`,
      `00-${"0".repeat(32)}-${parentId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `cc-${traceId}-${parentId}-01-${"x".repeat(600)}`,
    ];
    for (const header of wrong) {
      const trace = continueTrace(header);
      expect(trace, String(header)).toMatchObject({ parentId: null, flags: "00" });
      expect(trace.traceId).toMatch(/^[\da-f]{32}$/);
      expect(trace.traceId).not.toBe(traceId);
    }
  });

  it("has ids of its own each time", () => {
    const ids = Array.from({ length: 2000 }, () => continueTrace(undefined).traceId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
