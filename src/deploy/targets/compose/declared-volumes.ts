import type { VolumeScope } from "./own-volumes.ts";

/** What of a complete file says which volumes there are, and who mounts them. */
export interface VolumesText {
  services: Record<string, { volumes?: { type: string; source?: string }[] }>;
  volumes?: Record<string, { name?: string; external?: boolean } | null>;
}

/**
 * The volumes that rendered files name, by the names that the engine knows them by.
 * @param nameOf what a service is called by the operator
 */
export function declaredVolumes(
  stack: string,
  files: readonly VolumesText[],
  nameOf: (service: string) => string,
): VolumeScope["declared"] {
  const declared = new Map<string, { external: boolean; services: string[] }>();
  for (const { services, volumes } of files) {
    for (const [key, written] of Object.entries(volumes ?? {})) {
      const name = written?.name ?? `${stack}_${key}`;
      const mounting = Object.entries(services)
        .filter(([, one]) => (one.volumes ?? []).some((mount) => isOf(mount, key)))
        .map(([service]) => nameOf(service));
      const known = declared.get(name);
      const external = written?.external === true || known?.external === true;
      declared.set(name, { external, services: [...(known?.services ?? []), ...mounting] });
    }
  }
  return declared;
}

const isOf = ({ type, source }: { type: string; source?: string }, key: string): boolean =>
  type === "volume" && source === key;
