import type { Member } from "./source.ts";

/** Numbers to a member; `size` to `rare` are those of files, and `rare` is `parent` of a folder. */
const width = 11;

const types = ["file", "directory", "symlink"] as const;

/** No path holds it. */
const separator = "\0";

/** Members as two values, which another thread takes over much faster than objects. */
export interface MemberColumns {
  /** Relative to the root; one after the other. */
  paths: string;
  numbers: Float64Array<ArrayBuffer>;
}

/** @param members at least one, none of them with extended attributes */
export function toColumns(members: readonly Member[]): MemberColumns {
  const numbers = new Float64Array(width * members.length);
  for (const [index, member] of members.entries()) {
    const { mode, uid, gid, mtime, ctime, inode } = member;
    const at = width * index;
    numbers[at] = types.indexOf(member.type);
    numbers[at + 1] = mode;
    numbers[at + 2] = uid;
    numbers[at + 3] = gid;
    numbers[at + 4] = mtime;
    numbers[at + 5] = ctime;
    numbers[at + 6] = inode;
    if (member.type === "file") {
      numbers[at + 7] = member.size;
      numbers[at + 8] = member.device;
      numbers[at + 9] = member.names;
      numbers[at + 10] = Number(member.sparse);
    }
    if (member.type === "directory") numbers[at + 10] = Number(member.parent);
  }
  return { paths: members.map(({ path }) => path).join(separator), numbers };
}

/** @param root what the paths are relative to; absolute */
export function fromColumns({ paths, numbers }: MemberColumns, root: string): Member[] {
  return paths.split(separator).map((path, index) => memberAt(numbers, width * index, path, root));
}

function memberAt(numbers: Float64Array, at: number, path: string, root: string): Member {
  const file = `${root}/${path}`;
  const mode = numbers[at + 1] ?? 0;
  const uid = numbers[at + 2] ?? 0;
  const gid = numbers[at + 3] ?? 0;
  const mtime = numbers[at + 4] ?? 0;
  const ctime = numbers[at + 5] ?? 0;
  const inode = numbers[at + 6] ?? 0;
  const rare = numbers[at + 10] === 1;
  switch (types[numbers[at] ?? 0] ?? "file") {
    case "directory":
      return { type: "directory", path, file, mode, uid, gid, mtime, ctime, inode, parent: rare };
    case "symlink":
      return { type: "symlink", path, file, mode, uid, gid, mtime, ctime, inode };
    case "file": {
      const size = numbers[at + 7] ?? 0;
      const device = numbers[at + 8] ?? 0;
      const names = numbers[at + 9] ?? 0;
      // Without spreading one object into another, which takes longer than all the rest.
      return {
        type: "file",
        path,
        file,
        mode,
        uid,
        gid,
        mtime,
        ctime,
        inode,
        size,
        device,
        names,
        sparse: rare,
      };
    }
  }
}
