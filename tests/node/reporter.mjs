// How node:test tells its results in the rings: failures, then "N passed, N failed, N skipped" as the other runners do.
export default async function* report(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue;
    const kind = data.skip !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
    counts[kind]++;
    if (kind === 'skipped') yield `SKIP ${data.name}  ${data.skip}\n`;
    if (kind === 'failed') yield `FAIL ${data.name}  ${data.details.error.cause?.stack ?? data.details.error}\n`;
  }
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}
