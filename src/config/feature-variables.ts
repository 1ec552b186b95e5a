/** The variable by which an application is told of a flag: `vectorSearch` is `STUDIO_FEATURE_VECTOR_SEARCH`. */
export function featureVariable(flag: string): string {
  const words = flag
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]+/g, "_");
  return `STUDIO_FEATURE_${words.toUpperCase()}`;
}

/** What applications are given of `features`. */
export function featureVariables(
  features: Readonly<Record<string, boolean>>,
): Record<string, "true" | "false"> {
  return Object.fromEntries(
    Object.entries(features).map(([flag, on]) => [featureVariable(flag), on ? "true" : "false"]),
  );
}
