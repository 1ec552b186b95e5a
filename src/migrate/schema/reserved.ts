/**
 * Words that cannot be names without quotes in at least one of PostgreSQL (`pg_get_keywords()`),
 * MySQL 8.4, MariaDB 11 and SQLite 3.54. Quoting one too many does no harm.
 */
const words = `
accessible add all alter analyse analyze and any array as asc asensitive asymmetric authorization
autoincrement before between bigint binary bit blob boolean both by call cascade case change char
character check coalesce collate collation column commit concurrently condition constraint continue
convert create cross cube cume_dist current_catalog current_date current_role current_schema
current_time current_timestamp current_user cursor database databases day_hour day_microsecond
day_minute day_second dec decimal declare default deferrable delayed delete delete_domain_id
dense_rank desc describe deterministic distinct distinctrow div do do_domain_ids double drop dual
each else elseif empty enclosed end escape escaped except exists exit explain extract false fetch
first_value float float4 float8 for force foreign freeze from full fulltext function generated get
grant greatest group grouping groups having high_priority hour_microsecond hour_minute hour_second
if ignore ignore_domain_ids ilike in index indexed infile initially inner inout insensitive insert
int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids is isnull
iterate join json_table key keys kill lag last_value lateral lead leading least leave left library
like limit linear lines load localtime localtimestamp lock long longblob longtext loop low_priority
manual master_bind master_demote_to_replica master_demote_to_slave master_ssl_verify_server_cert
match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod
modifies national natural nchar no_write_to_binlog none normalize not nothing notnull nth_value
ntile null nullif numeric of off offset on only optimize optimizer_costs option optionally or order
out outer outfile over overlaps overlay page_checksum parallel parse_vcol_expr partition
percent_rank placing portion position precision primary procedure purge qualify range rank read
reads read_write real recursive ref_system_id references regexp release rename repeat replace
require resignal restrict return returning returns revoke right rlike row row_number rows schema
schemas second_microsecond select sensitive separator session_user set setof show signal similar
smallint some spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception
sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages stored
straight_join substring symmetric system table tablesample terminated then time timestamp tinyblob
tinyint tinytext to to_date trailing transaction treat trigger trim true undo union unique unlock
unsigned update usage use user using utc_date utc_time utc_timestamp values varbinary varchar
varcharacter variadic varying vector verbose virtual when where while window with within write
xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable xor year_month zerofill
`;

export const reservedWords: ReadonlySet<string> = new Set(words.trim().split(/\s+/));
