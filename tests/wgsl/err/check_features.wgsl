// check: --feature=timestamp-query --feature=subgroups
enable f16, subgroups;
const a = 1h;
