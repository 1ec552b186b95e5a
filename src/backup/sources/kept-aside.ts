import { copiesFolder } from "../format/layout.ts";
import type { Member, Source } from "./source.ts";

export interface KeptAsideOptions {
  /** What the folder is called among the copies: letters, digits, dashes. */
  label: string;
  /** Milliseconds since 1970: files and links last changed before are left out. */
  since: number;
}

/**
 * What another source yields, stored where a restore brings it back only if it is named: logs of
 * another time must not take the place of those that are being written.
 */
export function keptAside(source: Source, { label, since }: KeptAsideOptions): Source {
  const isYoung = ({ type, mtime }: Member): boolean => type === "directory" || mtime >= since;
  return {
    ...source,
    kind: label,
    async *members(context) {
      for await (const members of source.members(context)) {
        yield members
          .filter(isYoung)
          .map((member) => ({ ...member, path: `${copiesFolder}${label}/${member.path}` }));
      }
    },
  };
}
