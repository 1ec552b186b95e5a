import { priorities, type Job, type Priority } from "./pending-request.ts";

/** How the rows are shared out while all lanes have some: none of them ever starves. */
const shares: Record<Priority, number> = { high: 16, normal: 4, low: 1 };

/** Jobs in order of arrival, any of which can leave at once. */
class Lane {
  first: Job | null = null;
  last: Job | null = null;
  /** Rows that were served, by the lane's share: the smallest comes next (stride scheduling). */
  served = 0;

  append(job: Job): void {
    job.previous = this.last;
    job.next = null;
    if (this.last === null) this.first = job;
    else this.last.next = job;
    this.last = job;
  }

  prepend(job: Job): void {
    job.previous = null;
    job.next = this.first;
    if (this.first === null) this.last = job;
    else this.first.previous = job;
    this.first = job;
  }

  /**
   * Leaves no link in the job: those that were answered long ago would each keep the next one in
   * memory, until a collection of the whole heap comes.
   */
  unlink(job: Job): void {
    if (job.previous === null) this.first = job.next;
    else job.previous.next = job.next;
    if (job.next === null) this.last = job.previous;
    else job.next.previous = job.previous;
    job.previous = null;
    job.next = null;
  }
}

/** Waiting jobs, by the priority of their requests. */
export class PriorityLanes {
  private readonly lanes: Record<Priority, Lane> = {
    high: new Lane(),
    normal: new Lane(),
    low: new Lane(),
  };
  private waitingRows = 0;
  private clock = 0;

  /** Rows of all jobs. */
  get rows(): number {
    return this.waitingRows;
  }

  append(job: Job): void {
    this.enter(job, "append");
  }

  prepend(job: Job): void {
    this.enter(job, "prepend");
  }

  remove(job: Job): void {
    if (!job.queued) return;
    job.queued = false;
    this.waitingRows -= job.rows;
    this.lanes[job.request.priority].unlink(job);
  }

  /** Takes a job out to be computed, which its lane pays for. */
  serve(job: Job): void {
    const lane = this.lanes[job.request.priority];
    this.clock = Math.max(this.clock, lane.served);
    lane.served += job.rows / shares[job.request.priority];
    this.remove(job);
  }

  /** The oldest job of the lane whose turn it is. */
  next(): Job | null {
    let turn: Lane | null = null;
    for (const priority of priorities) {
      const lane = this.lanes[priority];
      if (lane.first !== null && (turn === null || lane.served < turn.served)) turn = lane;
    }
    return turn?.first ?? null;
  }

  /** All jobs, those of high priority first. Jobs may be removed meanwhile. */
  *all(): Generator<Job> {
    for (const priority of priorities) {
      const lane = this.lanes[priority];
      for (let job = lane.first; job !== null; ) {
        const { next }: Job = job;
        yield job;
        // Where that one left meanwhile as well, the walk begins anew with those that are left.
        job = next === null || next.queued ? next : lane.first;
      }
    }
  }

  private enter(job: Job, end: "append" | "prepend"): void {
    const lane = this.lanes[job.request.priority];
    // A lane that was empty has no claim on what it did not use.
    if (lane.first === null) lane.served = Math.max(lane.served, this.clock);
    lane[end](job);
    job.queued = true;
    this.waitingRows += job.rows;
  }
}
