#!/bin/sh
# Put an experiment on a served queue with curl: submit.sh FOLDER FILE [NAME OF THE KEY]
set -eu
folder=$1 file=$2 name=${3:-staff}
url=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["http_url"])' "$folder/serve.json")
# The key goes through a pipe: the arguments of a program can be read by everybody on the machine.
header() {
    python3 -c 'import json, sys; print("Authorization: ApiKey " + json.load(open(sys.argv[1]))[sys.argv[2]]["secret"])' \
        "$folder/keys.json" "$name"
}
header | curl --silent --show-error --fail-with-body --header @- --header 'Content-Type: application/json' \
    --data-binary "@$file" "$url/mx/items"
header | curl --silent --show-error --fail-with-body --header @- --request POST "$url/mx/queue/start"
header | curl --silent --show-error --fail-with-body --header @- "$url/mx/status"
