/** Archives by hand, byte by byte: what no packing program would write. */
export interface BlockFields {
  name: string | Buffer;
  flag?: string;
  target?: string | Buffer;
  content?: string | Buffer;
  /** What the header says; by default the length of the content. */
  size?: number | string;
  prefix?: string;
  mode?: number;
  uid?: number;
  mtime?: number;
  /** Changes the header before its checksum is taken. */
  edit?: (block: Buffer) => void;
}

const end = Buffer.alloc(1024);

/** A whole archive of these members. */
export function archiveOf(...members: readonly (BlockFields | Buffer)[]): Buffer {
  return Buffer.concat([...members.map((one) => (Buffer.isBuffer(one) ? one : member(one))), end]);
}

export function member(fields: BlockFields): Buffer {
  const content = Buffer.from(fields.content ?? "");
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header(fields, content.length), content, padding]);
}

function header(fields: BlockFields, length: number): Buffer {
  const { name, flag = "0", target = "", mode = 0o644, uid = 0, mtime = 1, size = length } = fields;
  const block = Buffer.alloc(512);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(mode.toString(8).padStart(7, "0"), 100);
  block.write(uid.toString(8).padStart(7, "0"), 108);
  block.write("0000000", 116);
  block.write(typeof size === "string" ? size : size.toString(8).padStart(11, "0"), 124, "latin1");
  block.write(mtime.toString(8).padStart(11, "0"), 136);
  block.write(flag, 156, "latin1");
  Buffer.from(target).copy(block, 157, 0, 100);
  block.write("ustar\u000000", 257, "latin1");
  block.write(fields.prefix ?? "", 345);
  fields.edit?.(block);
  return withChecksum(block);
}

export function withChecksum(block: Buffer): Buffer {
  block.write("        ", 148, "latin1");
  let sum = 0;
  for (const byte of block.subarray(0, 512)) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return block;
}

/** A pax header with these records, for the member that follows. */
export function pax(records: Record<string, string | Buffer>, flag = "x"): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
    let length = rest.length + 1;
    while (length !== rest.length + String(length).length) {
      length = rest.length + String(length).length;
    }
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return member({ name: "pax", flag, content: Buffer.concat(lines) });
}
