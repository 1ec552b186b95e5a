import type { OperationState } from "./status.ts";
import type { CertificateState, ServiceState } from "./target.ts";

/** Something that keeps the public, or the release, from what it needs. */
export interface ServingProblem {
  /** Null: the release itself. */
  service: string | null;
  message: string;
  /** What to type. */
  next: string;
}

export interface ServingFacts {
  release: string;
  url: string;
  state: "serving" | "stopped" | "not running" | "not ready" | "not reached";
  /** Only some of what the release consists of runs. */
  partly: boolean;
  /** Who answers there; null: nobody, or nobody was asked. */
  answered: string | null;
  services: readonly ServiceState[];
  certificates: readonly CertificateState[];
  operation: OperationState | null;
}

/** What is wrong with an environment that should serve, the public's trouble first. */
export function servingProblems(facts: ServingFacts): ServingProblem[] {
  if (facts.state === "stopped") return [];
  const down = facts.services.flatMap((one) => problemOf(one, facts));
  const proxyIsDown = down.some(({ service }) => isProxy(facts, service));
  const own = releaseProblem(facts);
  const sorted = down.toSorted(
    (a, b) => Number(isProxy(facts, b.service)) - Number(isProxy(facts, a.service)),
  );
  const isProxysFault = facts.state === "not reached" && proxyIsDown;
  return [
    ...(own === null || isProxysFault ? [] : [own]),
    ...sorted,
    ...facts.certificates.flatMap((one) => expiryOf(one, facts)),
  ];
}

const isProxy = ({ services }: ServingFacts, name: string | null): boolean =>
  services.some((one) => one.name === name && one.role === "proxy");

/** Of a service that is not switched with releases: theirs is the release's own state. */
function problemOf(one: ServiceState, facts: ServingFacts): ServingProblem[] {
  const { name, role, state, health } = one;
  if (role === "switched") return [];
  const next = nextFor(facts, "studio up");
  const reached =
    role === "proxy"
      ? `nobody reaches release ${facts.release} on ${facts.url}`
      : "what needs it does not work";
  if (!isUp(one)) {
    const how = state.replaceAll(/[()]/g, "");
    return [{ service: name, message: `${name} does not run (${how}): ${reached}.`, next }];
  }
  if (health !== "unhealthy") return [];
  const look = `studio logs --service ${name}`;
  return [
    { service: name, message: `${name} runs, and is unhealthy.`, next: nextFor(facts, look) },
  ];
}

/** One that ended well has done its work, unless it holds data or stands before the release. */
function isUp({ role, state }: ServiceState): boolean {
  return state === "running" || (role === "plain" && state === "exited (0)");
}

function releaseProblem(facts: ServingFacts): ServingProblem | null {
  const { release, url, state, partly, answered } = facts;
  const problem = (message: string, next: string) => ({
    service: null,
    message,
    next: nextFor(facts, next),
  });
  if (state === "not running") return problem(`Release ${release} does not run.`, "studio up");
  if (state === "not ready" && partly) {
    return problem(`Release ${release} runs only in part.`, "studio up");
  }
  if (state === "not ready") {
    return problem(`Release ${release} runs, and is not ready.`, "studio logs");
  }
  if (state !== "not reached") return null;
  if (answered === null) {
    return problem(`Release ${release} runs, but nobody answers on ${url}.`, "studio doctor");
  }
  return problem(`${url} is answered by release ${answered}, not by ${release}.`, "studio doctor");
}

function expiryOf({ met, expired, place, problem }: CertificateState, facts: ServingFacts) {
  if (!met || !expired) return [];
  const message = `The certificate of ${place} ${problem}: clients refuse it.`;
  return [{ service: null, message, next: nextFor(facts, "studio doctor") }];
}

/** An operation that is under way, or was broken off, comes before anything else. */
function nextFor({ operation }: ServingFacts, usual: string): string {
  if (operation === null) return usual;
  return operation.state === "running"
    ? `wait for the ${operation.kind} that is under way`
    : "studio resume, or studio abort";
}
