import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes less time than the rest, and what takes least. */
const quick = ["/test/integration/", "/test/unit/"];

/** In this order no slow file is begun last, to run alone while everything else is done. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      quick.findIndex((kind) => moduleId.includes(kind));
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
