# Another server than ours hands out the file.
# shellcheck shell=bash

# web starts nginx with what stands on standard input as its server block;
# $port is then set, and $web its folder.
web() {
  web=$work/web
  mkdir -p "$web/files" "$web/tmp"
  chmod -R 755 "$web"
  {
    cat <<CONF
pid nginx.pid;
error_log error.log;
worker_processes 1;
events { worker_connections 64; }
http {
  log_format asked '\$request_method \$uri \$status range=\$http_range key=\$http_authorization';
  access_log access.log asked;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  default_type application/json;
  server {
    listen 127.0.0.1:$port;
CONF
    cat
    echo '  }'
    echo '}'
  } >"$web/nginx.conf"
  nginx -p "$web/" -c nginx.conf -e error.log -g 'daemon off;' >"$web/out.log" 2>&1 </dev/null &
  children+=($!)
  until_true "nginx" listens "$port"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  port=$((20000 + RANDOM % 10000))
  while listens "$port"; do port=$((20000 + RANDOM % 10000)); done
}

resumed_by_nginx() { # PATH of the file
  local log=$web/access.log
  grep -q "^GET $1[^ ]* 206 range=bytes=" "$log" || fail "no 206 from nginx: $(cat "$log")"
  if grep "^GET $1" "$log" | grep -v 'key=-$'; then
    fail "the key went along with a download"
  fi
}

# nginx alone: it serves the API's answers as they stand and the file from disk.
case_nginx_serves_the_file() {
  need nginx jq
  slow_sandbox
  exits 0 export --api-url "$api" --range all_time --json -o made.json
  local made=$out
  free_port
  web <<CONF
    location = /api/v1/projects {
      return 200 '{"data":{"id":"p1","name":"Web Shop","slug":"web-shop","createdAt":1670000000000}}';
    }
    location = /api/v1/exports/exp_1 {
      return 200 '{"exportJobId":"exp_1","status":"completed","downloadUrl":"http://127.0.0.1:$port/files/export.json"}';
    }
    location /files/ { root $work/web; }
CONF
  cp made.json "$web/files/export.json"
  chmod 644 "$web/files/export.json"
  mkdir down
  local command=(download exp_1 --api-url "http://127.0.0.1:$port" --json -o down/)
  kill_in_transfer down 200000 "${command[@]}"
  exits 0 "${command[@]}"
  [ "$(field .resumedFrom)" -ge 200000 ] || fail "resumedFrom: $(field .resumedFrom)"
  same "sha256 of what nginx has" "$(field .sha256)" "$(jq -r .sha256 <<<"$made")"
  whole
  no_rest down
  resumed_by_nginx /files/
}

# nginx before the sandbox, as a reverse proxy is before an API.
case_nginx_as_reverse_proxy() {
  need nginx jq
  slow_sandbox
  local origin=${api#http://}
  free_port
  web <<CONF
    location / {
      proxy_pass http://${origin%%/*};
      proxy_set_header Host \$http_host;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0; # what the client has not taken yet is not fetched
    }
CONF
  local command=(export --api-url "http://127.0.0.1:$port" --range all_time --json)
  kill_in_transfer . 200000 "${command[@]}"
  exits 0 "${command[@]}"
  [ "$(field .resumedFrom)" -ge 200000 ] || fail "resumedFrom: $(field .resumedFrom)"
  whole
  no_rest .
  grep -q ' 206 range=bytes=' "$web/access.log" || fail "no 206 through nginx: $(cat "$web/access.log")"
}
