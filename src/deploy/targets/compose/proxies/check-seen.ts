import { StudioError, exitCodes } from "../../../../errors.ts";
import type { Container } from "../containers.ts";
import type { Docker } from "../docker.ts";
import { readProxyFile } from "./proxy-files.ts";

/**
 * A file inside that is not the one outside is the classic way to reload and change nothing.
 * @throws StudioError (exit 5) where the container does not see what was written to the folder
 */
export async function checkSeen(
  docker: Docker,
  folder: string,
  container: Container,
  names: readonly string[],
): Promise<void> {
  const mount = container.mounts.find(({ source }) => source === folder);
  const isSeen = async (some: readonly string[]): Promise<boolean> => {
    if (mount === undefined) return false;
    const paths = some.map((name) => `${mount.destination}/${name}`);
    const { exitCode, stdout } = await docker.attempt(["exec", container.id, "cat", ...paths]);
    return exitCode === 0 && stdout === some.map((name) => readProxyFile(folder, name)).join("");
  };
  // All at once: to start a process in a container takes longer than what it does there.
  if (await isSeen(names)) return;
  const seen = await Promise.all(names.map((name) => isSeen([name])));
  const unseen = names.find((_, index) => seen[index] === false);
  if (unseen === undefined) return;
  throw new StudioError({
    code: "proxy.unseen",
    message: `${container.name} does not see the ${unseen} that was written to ${folder}.`,
    hint: `Mount the folder itself, not single files, and start ${container.service} again: \`docker compose up -d ${container.service}\`.`,
    exitCode: exitCodes.undone,
  });
}
