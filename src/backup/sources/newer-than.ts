import type { Member, Source } from "./source.ts";

/**
 * What another source yields, without files and links last changed before an instant. Folders stay:
 * what is younger lies in them.
 * @param since milliseconds since 1970
 */
export function newerThan(source: Source, since: number): Source {
  const isYoung = ({ type, mtime }: Member): boolean => type === "directory" || mtime >= since;
  return {
    ...source,
    kind: `recent ${source.kind}`,
    async *members(context) {
      for await (const members of source.members(context)) yield members.filter(isYoung);
    },
  };
}
