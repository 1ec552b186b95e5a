import type { Running } from "./running.ts";

/**
 * The value of a series at /metrics, 0 where it does not exist.
 * @param labels in any order; the series has these and maybe others, which are added up
 */
export async function figure(
  running: Running,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const { body } = await running.send("GET", "/metrics", { privately: true });
  return String(body)
    .split("\n")
    .filter((line) => line.startsWith(`studio_${name}{`) || line.startsWith(`studio_${name} `))
    .filter((line) =>
      Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)),
    )
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
