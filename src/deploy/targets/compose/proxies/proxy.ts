import type { StepRun } from "../../../../operation/step.ts";
import type { StackProxy } from "../../../release.ts";
import type { Notice } from "../../../target.ts";
import type { Colour } from "../colours.ts";
import type { Container } from "../containers.ts";

/** Where requests for a service go. */
export interface Upstream {
  service: string;
  /** A name that the engine's own DNS knows, and a port. */
  address: string;
  /** Whether it runs: a name without a container has no address. */
  runs: boolean;
}

export interface ColouredUpstream extends Upstream {
  /** The address, whichever colour serves. */
  addresses: Readonly<Record<Colour, string>>;
}

/** A proxy that sends requests where its generated configuration says. */
export interface Proxy {
  kind: StackProxy["kind"];
  /** What it was told last, by the names of the files. */
  told(): Record<string, string>;
  /** The release whose upstreams it was told last; null where it was told none. */
  configured(): string | null;
  /** Whether it was told to turn the public away. */
  inMaintenance(): boolean;
  /**
   * Leaves files it can start with: those that are there while what they name runs (`serves`), else
   * such as turn the public away.
   * @param directory where it sees the folder of generated files
   */
  prepare(services: readonly string[], serves: boolean, directory: string): void;
  /** Begins to find out what it has to know of them once requests are to be directed. */
  meet?(containers: readonly Container[]): void;
  /**
   * Tells it where requests go from now on (null: nowhere, 503), and proves that it reads the same.
   * Requests that it has begun go on as they were.
   */
  direct(run: StepRun, order: ProxyOrder): Promise<void>;
  /**
   * Waits until it has ended what it began before it was told.
   * @returns how many connections to the former upstreams were still open then
   */
  drain(order: DrainPatience): Promise<number>;
}

export interface DrainPatience {
  containers: readonly Container[];
  /** Addresses of the upstreams of before. */
  from: readonly string[];
  /** Milliseconds. */
  patience: number;
  /** Nobody waits any longer. */
  signal?: AbortSignal | undefined;
}

export interface ProxyOrder {
  release: string | null;
  /** Of the release. */
  colour: Colour | null;
  upstreams: readonly ColouredUpstream[];
  /** What the public is told while it is turned away; null: it is served. */
  notice: Notice | null;
  /** Milliseconds in which the release may end what it began once requests go elsewhere. */
  drain: number;
  /** Where it sees the folder of generated files. */
  directory: string;
  /** Those of the proxy's own service. */
  containers: readonly Container[];
}
