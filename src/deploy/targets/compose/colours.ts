import type { Container } from "./containers.ts";

export type Colour = "blue" | "green";

export const colours: readonly Colour[] = ["blue", "green"];

export const labels = {
  release: "studio.release",
  colour: "studio.colour",
  environment: "studio.environment",
  directory: "studio.directory",
  definition: "studio.definition",
  service: "studio.service",
  /** Of a Swarm: hash of a service as the operator wrote it. */
  written: "studio.written",
} as const;

/** Of the release's containers as they are; null where it has none. */
export function colourOf(containers: readonly Container[], release: string): Colour | null {
  const found = containers.find((one) => one.labels[labels.release] === release);
  return (found?.labels[labels.colour] as Colour | undefined) ?? null;
}

/** The colour that the release which serves has not; the one that does not run, where none does. */
export function freeColour(containers: readonly Container[], serving: string | null): Colour {
  const taken =
    (serving === null ? null : colourOf(containers, serving)) ??
    (containers.find((one) => one.running && one.labels[labels.colour] !== undefined)?.labels[
      labels.colour
    ] as Colour | undefined);
  return taken === "blue" ? "green" : "blue";
}

/** Where a release starts. */
export interface Place {
  colour: Colour;
  /** Containers that must be gone before. */
  inTheWay: Container[];
}

/**
 * Its own colour, where it has one that is not that of the release which serves: what is left of it
 * there may be a part alone, of services that the one which serves has no more.
 * @param serving the release that the proxy was told of
 * @param isExpired of a container that no undo needs any more
 */
export function placeOf(
  containers: readonly Container[],
  release: string,
  serving: string | null,
  isExpired: (one: Container) => boolean,
): Place {
  const own = colourOf(containers, release);
  const taken = serving === null || serving === release ? null : colourOf(containers, serving);
  const colour = own !== null && own !== taken ? own : freeColour(containers, serving);
  const inTheWay = containers.filter((one) => {
    const isOwn = one.labels[labels.release] === release;
    if (one.labels[labels.colour] === colour) return !isOwn;
    return isOwn ? one.labels[labels.colour] !== undefined : isExpired(one);
  });
  return { colour, inTheWay };
}
