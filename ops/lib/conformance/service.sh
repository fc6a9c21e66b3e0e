# A service of its own for the time of a run: started, joined as a business, stopped by its own id.
# Sourced, not run.
# shellcheck shell=bash

service_pid=

# service_start PROGRAM DATA PROFILE: sets service_url, service_port and service_ca.
service_start() {
  local program=$1 data=$2 profile=$3 deadline=$((SECONDS + 60))
  mkdir -p "$data"
  printf '[tls]\nprofile = "%s"\n' "$profile" >"$data/seif.toml"
  service_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  service_url=https://localhost:$service_port
  service_ca=$data/tls/ca.pem
  local command=("$program" serve --data "$data" --listen "127.0.0.1:$service_port")
  # The default is checked as it is: without a configuration.
  [ "$profile" = intermediate ] || command+=(--config "$data/seif.toml")
  : >"$data/ready.log"
  "${command[@]}" >"$data/ready.log" 2>"$data/service.log" &
  service_pid=$!
  until grep -q '^ready https://' "$data/ready.log"; do
    if ! kill -0 "$service_pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      cat "$data/ready.log" "$data/service.log" >&2
      echo "the service did not start" >&2
      return 1
    fi
    sleep 0.1
  done
}

service_stop() {
  [ -n "$service_pid" ] || return 0
  kill "$service_pid" 2>/dev/null || true
  wait "$service_pid" 2>/dev/null || true
  service_pid=
}

# service_ask METHOD PATH [BODY]: the answer's body; fails on a refusal, which it shows.
service_ask() {
  local method=$1 path=$2 body=${3:-} arguments=()
  [ -z "$body" ] || arguments=(--header "Content-Type: application/json" --data "$body")
  curl --silent --show-error --fail-with-body --cacert "$service_ca" --request "$method" --header "Origin: $service_url" \
    --cookie "$service_jar" --cookie-jar "$service_jar" "${arguments[@]}" "$service_url/api/v1$path" || {
    echo "$method $path was refused" >&2
    return 1
  }
}

# The code stands alone on a line of the text part of the one mail there is.
service_code() {
  local data deadline=$((SECONDS + 30)) code
  data=$(dirname "$(dirname "$service_ca")")
  while [ "$SECONDS" -lt "$deadline" ]; do
    code=$(cat "$data"/mail/*.eml 2>/dev/null | tr -d '\r' | grep -Em1 '^[0-9]{6}$' || true)
    if [ -n "$code" ]; then echo "$code"; return; fi
    sleep 0.1
  done
  echo "no code was mailed to $data/mail" >&2
  return 1
}

# service_join FOLDER: a business with a starter collection, a record, a collection to spare and a token of every scope. Sets service_token and
# service_cookie, and writes FOLDER/known.toml, which names the collection and the record to schemathesis.
service_join() {
  local folder=$1 signup read record documents body
  service_jar=$folder/cookies
  : >"$service_jar"
  signup=$(service_ask POST /signups '{"email": "conformance@example.com", "language": "en"}' | jq -r .id)
  documents=$(service_ask GET /policies)
  read=$(jq '[.[] | select(.state == "in_force") | {document, version}]' <<<"$documents")
  body=$(jq -n --arg code "$(service_code)" --argjson acknowledged "$read" '{
    code: $code, password: "nineteen quiet harbours at dusk", name: "Conny Formance", acknowledged: $acknowledged,
    tenant: {kind: "company", name: "Conformance Works", country: "EE"}}')
  service_ask PUT "/signups/$signup" "$body" >/dev/null
  service_cookie=__Host-session=$(awk '$6 == "__Host-session" {print $7}' "$service_jar")

  service_ask POST /collections '{"template": "customers"}' >/dev/null
  body='{"name": "Spare", "slug": "spare", "fields": [{"name": "note", "label": "Note", "kind": "text"}]}'
  service_ask POST /collections "$body" >/dev/null
  body='{"values": {"customer_number": "C-1", "legal_name": "Kept", "customer_type": "company", "country": "EE"}}'
  record=$(service_ask POST /collections/customers/records "$body" | jq -r .id)
  body='{"name": "Conformance", "scopes": ["records:read", "records:write", "records:reveal", "collections:write",
    "files:read", "files:write", "exports:read", "audit:read", "members:read"]}'
  service_token=$(service_ask POST /tokens "$body" | jq -r .token)
  sed -e "s/@RECORD@/$record/" ops/lib/conformance/known.toml >"$folder/known.toml"
}
