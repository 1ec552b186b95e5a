import { describe, expect, test } from "vitest";
import { type ServingFacts, servingProblems } from "../../../src/deploy/serving-problems.ts";
import type { ServiceState } from "../../../src/deploy/target.ts";

const service = (name: string, role: string, more: Partial<ServiceState> = {}): ServiceState => ({
  name,
  role,
  state: "running",
  health: null,
  image: "",
  startedAt: null,
  restarts: 0,
  ...more,
});

const facts = (more: Partial<ServingFacts> = {}): ServingFacts => ({
  release: "R1",
  url: "http://127.0.0.1",
  state: "serving",
  partly: false,
  answered: "R1",
  services: [],
  certificates: [],
  operation: null,
  ...more,
});

describe("an environment that should serve", () => {
  test("has no problem where all runs, what ended well and the retired colour included", () => {
    const services = [
      service("proxy", "proxy", { health: "healthy" }),
      service("db", "stateful"),
      service("buckets", "plain", { state: "exited (0)" }),
      service("api-blue", "switched", { state: "exited (137)" }),
    ];
    expect(servingProblems(facts({ services }))).toEqual([]);
  });

  test("is not blamed for a proxy that is dead, and the proxy comes first", () => {
    const services = [
      service("db", "stateful", { state: "absent" }),
      service("proxy", "proxy", { state: "exited (137)" }),
    ];
    const found = servingProblems(facts({ state: "not reached", answered: null, services }));
    expect(found.map((one) => one.message)).toEqual([
      "proxy does not run (exited 137): nobody reaches release R1 on http://127.0.0.1.",
      "db does not run (absent): what needs it does not work.",
    ]);
    expect(found.map((one) => one.next)).toEqual(["studio up", "studio up"]);
  });

  test("is told to start what is missing of a release that runs in part", () => {
    const [found] = servingProblems(facts({ state: "not ready", partly: true }));
    expect(found).toMatchObject({ message: "Release R1 runs only in part.", next: "studio up" });
  });

  test("is told where nobody answers although all runs, and where another does", () => {
    const nobody = servingProblems(facts({ state: "not reached", answered: null }));
    expect(nobody[0]?.message).toContain("nobody answers on http://127.0.0.1");
    const other = servingProblems(facts({ state: "not reached", answered: "R0" }));
    expect(other[0]?.message).toContain("answered by release R0, not by R1");
  });

  test("is told of a service whose end was good, and that holds data or is unhealthy", () => {
    const services = [
      service("db", "stateful", { state: "exited (0)" }),
      service("search", "plain", { health: "unhealthy" }),
    ];
    const found = servingProblems(facts({ services }));
    expect(found.map((one) => [one.service, one.next])).toEqual([
      ["db", "studio up"],
      ["search", "studio logs --service search"],
    ]);
  });

  test("is left to the operation that was broken off", () => {
    const operation = { id: "O1", kind: "deploy", state: "unfinished", startedAt: "" } as const;
    const [only] = servingProblems(facts({ state: "not running", answered: null, operation }));
    expect(only?.next).toBe("studio resume, or studio abort");
  });

  test("has none once it was taken down", () => {
    const services = [service("proxy", "proxy", { state: "absent" })];
    expect(servingProblems(facts({ state: "stopped", answered: null, services }))).toEqual([]);
  });
});
