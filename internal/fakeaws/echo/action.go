package echo

import (
	"net/http"
	"strings"

	"fob/internal/fakeaws/region"
	"fob/internal/fakeaws/verify"
	"fob/internal/fakeaws/wire"
)

// actionOf tells what a request to a service does and to what, where that can be
// told without a model of the service: by X-Amz-Target, by the parameter Action, and
// of S3 by the method and path. It is empty where it cannot: such a request needs no
// permission here.
func actionOf(r *wire.Request, service string) (action, resource string) {
	if target := r.HTTP.Header.Get("X-Amz-Target"); target != "" {
		return service + ":" + target[strings.LastIndex(target, ".")+1:], "*"
	}
	if name := r.Form.Get("Action"); name != "" {
		return service + ":" + name, "*"
	}
	if !verify.S3(service) {
		return "", ""
	}
	bucket, key := s3Path(r)
	actions := map[string]string{http.MethodGet: "GetObject", http.MethodHead: "GetObject", http.MethodPut: "PutObject",
		http.MethodPost: "PutObject", http.MethodDelete: "DeleteObject"}
	arn := "arn:aws:s3:::" + bucket + "/" + key
	switch {
	case bucket == "":
		actions, arn = map[string]string{http.MethodGet: "ListAllMyBuckets"}, "*"
	case key == "":
		actions = map[string]string{http.MethodGet: "ListBucket", http.MethodHead: "ListBucket", http.MethodPut: "CreateBucket", http.MethodDelete: "DeleteBucket"}
		arn = "arn:aws:s3:::" + bucket
	}
	if actions[r.HTTP.Method] == "" {
		return "", ""
	}
	return "s3:" + actions[r.HTTP.Method], arn
}

// s3Path finds the bucket, in the host's name or in the path, and the key.
func s3Path(r *wire.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.HTTP.URL.Path, "/")
	if name, _, known := region.Endpoint(r.HTTP.Host); known {
		if bucket, ok := strings.CutSuffix(name, ".s3"); ok {
			return bucket, path
		}
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}
