import type { StackProject } from "./stack-project.ts";

/** What is left out where load and backups are not what is looked at. */
const hurried = ["--skip-gate", "--skip-backup"];

export const deploy = ["deploy", ...hurried];

export const rollback = ["rollback", ...hurried];

/** The release that the public meets; null where it is turned away. */
export async function serving({ url }: Pick<StackProject, "url">): Promise<string | null> {
  const answer = await fetch(url);
  return answer.status === 200 ? answer.headers.get("x-studio-release") : null;
}
