/** How much a run counts against all before it. */
const weight = 0.1;

/** What computing a row has taken lately, to say when there will be room in a queue. */
export class Throughput {
  private rowTime: number | null = null;

  /** One run of a session, in milliseconds. */
  add(rows: number, milliseconds: number): void {
    const sample = milliseconds / Math.max(rows, 1);
    this.rowTime = this.rowTime === null ? sample : this.rowTime + weight * (sample - this.rowTime);
  }

  /** Milliseconds that a run of so many rows may take; null before the first one. */
  timeOf(rows: number): number | null {
    return this.rowTime === null ? null : this.rowTime * rows;
  }

  /** Whole seconds until so many rows are computed: 1 to 60. */
  secondsFor(rows: number, instances: number): number {
    const milliseconds = (rows * (this.rowTime ?? 0)) / Math.max(instances, 1);
    return Math.min(Math.max(Math.ceil(milliseconds / 1000), 1), 60);
  }
}
