import type { Kernel, Operation } from "../kernel/kernel.ts";
import { mostPages, pageBytes } from "../kernel/shared-memory.ts";

/**
 * How threads share one scan without a message: a job stands in shared memory, and each thread
 * claims the next block of pages until none is left.
 *
 * A claim carries the number of its job. A thread that was held up between two looks may hold a
 * claim of an earlier job; it is void, because the number does not agree any more. A claim that is
 * valid keeps the job from ending, so what it reads of the job afterwards is the job's.
 */
export const control = {
  /** Number of the job (14 bits), then the next block (17 bits). */
  claim: 0,
  blocks: 1,
  completed: 2,
  job: 3,
  /** Changes when there is work or when threads should end: what idle threads wait for. */
  signal: 4,
  stopping: 5,
  operation: 6,
  many: 7,
  rowsPerPage: 8,
  rowBytes: 9,
  queries: 10,
  pages: 11,
  /** Rows of the last page; the others are full. */
  lastRows: 12,
} as const;

const blockBits = 17;
const blockMask = (1 << blockBits) - 1;
const jobMask = (1 << 14) - 1;

/** Pages of one block: small enough that threads end at about the same time. */
const pagesPerBlock = 8;

/** Where the list of pages begins. */
const listStart = 16;

export function createControl(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer((listStart + mostPages) * 4));
}

/** A scan of rows in pages: the scores of each page are written behind its rows. */
export interface ScanJob {
  operation: Operation;
  /** `queriesAtOnce` queries instead of one. */
  many: boolean;
  rowsPerPage: number;
  rowBytes: number;
  /** Address of the queries. */
  queries: number;
  pages: readonly number[];
  lastRows: number;
}

/** Opens a job for all threads. The one before it must be complete. */
export function announce(shared: Int32Array, job: ScanJob): void {
  const number = (Atomics.load(shared, control.job) + 1) & jobMask;
  // First: from here on no claim of the job before is valid.
  Atomics.store(shared, control.job, number);
  Atomics.store(shared, control.operation, job.operation === "product" ? 0 : 1);
  Atomics.store(shared, control.many, job.many ? 1 : 0);
  Atomics.store(shared, control.rowsPerPage, job.rowsPerPage);
  Atomics.store(shared, control.rowBytes, job.rowBytes);
  Atomics.store(shared, control.queries, job.queries);
  Atomics.store(shared, control.pages, job.pages.length);
  Atomics.store(shared, control.lastRows, job.lastRows);
  shared.set(job.pages, listStart);
  Atomics.store(shared, control.completed, 0);
  const blocks = Math.ceil(job.pages.length / pagesPerBlock);
  Atomics.store(shared, control.blocks, blocks);
  // Last: from here on blocks can be claimed.
  Atomics.store(shared, control.claim, number << blockBits);
  if (blocks < 2) return;
  Atomics.add(shared, control.signal, 1);
  Atomics.notify(shared, control.signal);
}

/** Works on the open job until no block is left to claim. */
export function workOn(shared: Int32Array, kernel: Kernel): void {
  for (;;) {
    const claim = Atomics.add(shared, control.claim, 1);
    const blocks = Atomics.load(shared, control.blocks);
    const isCurrent = claim >> blockBits === Atomics.load(shared, control.job);
    const block = claim & blockMask;
    if (!isCurrent || block >= blocks) return;
    scanBlock(shared, kernel, block);
    if (Atomics.add(shared, control.completed, 1) + 1 === blocks) {
      Atomics.notify(shared, control.completed);
    }
  }
}

/** Waits for the blocks that other threads work on. @throws Error when one never ends */
export function awaitCompletion(shared: Int32Array, milliseconds: number): void {
  const blocks = Atomics.load(shared, control.blocks);
  for (;;) {
    const completed = Atomics.load(shared, control.completed);
    if (completed === blocks) return;
    if (Atomics.wait(shared, control.completed, completed, milliseconds) === "timed-out") {
      throw new Error("a thread that compares vectors does not answer");
    }
  }
}

function scanBlock(shared: Int32Array, kernel: Kernel, block: number): void {
  const field = (index: number): number => Atomics.load(shared, index);
  const pages = field(control.pages);
  const rowsPerPage = field(control.rowsPerPage);
  const rowBytes = field(control.rowBytes);
  const queries = field(control.queries) >>> 0;
  const operation = field(control.operation) === 0 ? kernel.product : kernel.square;
  const compare = field(control.many) === 1 ? operation.many : operation.one;
  const end = Math.min((block + 1) * pagesPerBlock, pages);
  for (let index = block * pagesPerBlock; index < end; index++) {
    const values = (shared[listStart + index] as number) * pageBytes;
    compare({
      values,
      rows: index === pages - 1 ? field(control.lastRows) : rowsPerPage,
      rowBytes,
      queries,
      scores: values + rowsPerPage * rowBytes,
      scoreStride: rowsPerPage * 4,
    });
  }
}
