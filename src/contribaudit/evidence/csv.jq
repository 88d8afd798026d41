# Reads a CSV file of this folder as a list of objects, by the names of its columns; in this folder:
#   jq -L . -Rs 'include "csv"; csv[] | select(.outcome == "fail")' findings.csv
def csv:
  reduce (ltrimstr("\ufeff") | scan("(\"(?:[^\"]|\"\")*\"|[^,\r\n]*)(,|\r\n)")) as [$cell, $stop]
    ({rows: [], row: []};
      .row += [$cell | if startswith("\"") then .[1:-1] | gsub("\"\""; "\"") else . end]
      | if $stop == "," then . else .rows += [.row] | .row = [] end)
  | .rows | .[0] as $names
  | [.[1:][] as $row | reduce range($names | length) as $n ({}; .[$names[$n]] = $row[$n])];
