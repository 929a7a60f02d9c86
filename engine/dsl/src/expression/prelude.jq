# What workflows may call besides jaq's own definitions. Each replaces a definition of the same name.

def isboolean: . == true or . == false;
def ascii: [.] | implode;
def toarray: if isarray then . else [.] end;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i)[0];
def rindex($i): indices($i)[-1];
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): [stream | { key: (f | tostring), value: . }] | from_entries;
def INDEX(f): INDEX(.[]; f);
def toboolean:
  if isboolean then . elif . == "true" then true elif . == "false" then false
  else error("cannot parse as boolean") end;
def transpose: [range([.[] | length] | max) as $i | [.[][$i]]];
def add(f): [f] | add;
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def ltrimstr($s): if isstring and ($s | isstring) then std_ltrimstr($s) end;
def rtrimstr($s): if isstring and ($s | isstring) then std_rtrimstr($s) end;
def trimstr($s): ltrimstr($s) | rtrimstr($s);
def matches(re; flags): re as $re | flags as $flags | spend_regex($re) | std_matches($re; $flags);
def split_matches(re; flags):
  re as $re | flags as $flags | spend_regex($re) | std_split_matches($re; $flags);
def split_(re; flags): re as $re | flags as $flags | spend_regex($re) | std_split_($re; $flags);
def escape_html: spend(200) | std_escape_html;
def unescape_html: spend(200) | std_unescape_html;
def strptime(fmt): (fmt | refuse_zone_names) as $fmt | spend(20) | std_strptime($fmt);
def date: todate;
def @json: tojson;
def @csv:
  map(if . == null then "" elif isstring then "\"" + (split("\"") | join("\"\"")) + "\""
      elif isarray or isobject then error("a list or object is no field of a CSV line")
      else tostring end) | join(",");
def @tsv:
  map(if . == null then "" elif isarray or isobject then error("a list or object is no field of a TSV line")
      else tostring | split("\\") | join("\\\\") | split("\t") | join("\\t")
           | split("\n") | join("\\n") | split("\r") | join("\\r") end) | join("\t");
