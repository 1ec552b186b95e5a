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
