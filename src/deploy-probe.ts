/** How the load test of a deploy tells a release in a container that it is one. */
export const probeVariable = "STUDIO_PROBE_TOKEN";
export const probeHeader = "x-studio-probe";
