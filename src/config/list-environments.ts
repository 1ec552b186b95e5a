import { environmentsOf } from "./environments.ts";
import { locateConfiguration } from "./locate.ts";
import { readSource } from "./source.ts";

/**
 * The names of the environments, for shell completion: cheap, and a list that works even when the
 * file is broken. Never throws.
 */
export async function listEnvironments(input: {
  cwd: string;
  configFile?: string;
}): Promise<string[]> {
  try {
    const { file, label } = locateConfiguration(input.cwd, input.configFile);
    if (file === null) return ["local"];
    const { root } = await readSource(file, label);
    return environmentsOf(root);
  } catch {
    return ["local"];
  }
}
