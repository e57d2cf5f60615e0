#!/bin/sh
# Makes an authority and certificates of it, good and bad, in a directory.
set -eu
cd "$1"

new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

# certificate NAME HOST DAYS: one for a host, valid for so many days from now on.
certificate() {
  printf 'subjectAltName=DNS:%s,IP:127.0.0.1\n' "$2" >"$1.ext"
  openssl req $new_key -keyout "$1.key" -subj "/CN=$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days "$3" \
    -extfile "$1.ext" -out "$1.pem"
}

{
  openssl req -x509 $new_key -keyout authority.key -subj "/CN=Test authority" -days 30 -out authority.pem
  certificate good localhost 30
  certificate expired localhost -1
  openssl req -x509 $new_key -keyout selfsigned.key -subj "/CN=localhost" -addext subjectAltName=DNS:localhost \
    -days 30 -out selfsigned.pem
  # Of another host, by name and by address.
  printf 'subjectAltName=DNS:stranger.example\n' >stranger.ext
  openssl req $new_key -keyout stranger.key -subj "/CN=stranger.example" -out stranger.csr
  openssl x509 -req -in stranger.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 30 \
    -extfile stranger.ext -out stranger.pem
} 2>openssl.log
chmod 755 . && chmod 644 authority.pem
