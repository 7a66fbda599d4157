package fakeaws

import (
	"fmt"

	"fob/internal/fakeaws/console"
	"fob/internal/fakeaws/ec2"
	"fob/internal/fakeaws/echo"
	"fob/internal/fakeaws/ecr"
	"fob/internal/fakeaws/iam"
	"fob/internal/fakeaws/oidc"
	"fob/internal/fakeaws/portal"
	"fob/internal/fakeaws/service"
	"fob/internal/fakeaws/sts"
)

// services is what the fake plays; the first that claims a request has it. A new
// one is a folder and a line here.
func services(env *service.Env) []service.Service {
	signIn := oidc.New(env)
	return []service.Service{
		signIn,
		signIn.Pages(),
		portal.New(env),
		console.New(env),
		sts.New(env),
		iam.New(env),
		ec2.New(env),
		ecr.New(env),
		ecr.Public(env),
		echo.New(env),
	}
}

// Of gives a test the service of a type, for what it has beside answering requests.
func Of[T service.Service](s *Server) T {
	for _, svc := range s.services {
		if t, ok := svc.(T); ok {
			return t
		}
	}
	panic(fmt.Sprintf("fakeaws: no service is a %T", *new(T)))
}
