#!/bin/sh
# Copies the folder www into an S3 bucket, each file with its media type:
#
#   sh s3/upload.sh BUCKET
#
# It uses the AWS command line (aws) as whoever is signed in there; there is no secret in here.
# AWS_ENDPOINT_URL leads it to another store that speaks S3.
#
# What a bucket cannot do:
# - It answers POST with an error. Outlook asks by POST and in several spellings, so it finds nothing
#   here unless a function in front of the bucket (Lambda@Edge, a worker) answers with
#   /autodiscover/autodiscover.xml. It answers every Autodiscover v2 question in the same way, and has
#   no paths of other systems. Thunderbird and every other client of autoconfig, Delta Chat and Apple's
#   devices are fine without.
# - It has no TLS of its own for your hosts: they need a CDN in front.
# - It does not send X-Content-Type-Options or Access-Control-Allow-Origin by itself: say them in the
#   CDN's response headers, the second for the files that end in .json.
set -eu

bucket=${1:?usage: sh upload.sh BUCKET}
cd "$(dirname "$0")/../www"

# put FILE MEDIA-TYPE [MORE OPTIONS OF aws s3 cp]
put() {
    file=$1
    type=$2
    shift 2
    if [ ! -f "$file" ]; then
        echo "there is no www/$file, so it is left out" >&2
        return
    fi
    aws s3 cp "$file" "s3://$bucket/$file" \
        --content-type "$type" --cache-control "public, max-age=3600" "$@"
}

put mail/config-v1.1.xml "text/xml; charset=utf-8"
put .well-known/autoconfig/mail/config-v1.1.xml "text/xml; charset=utf-8"
put autodiscover/autodiscover.xml "text/xml; charset=utf-8"
put autodiscover/autodiscover.json application/json
put mail.mobileconfig application/x-apple-aspen-config \
    --content-disposition 'attachment; filename="mail.mobileconfig"'
